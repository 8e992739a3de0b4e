// A file whose work is done: to do nothing more
int todo_list;  // a `todo` list is a word of people
