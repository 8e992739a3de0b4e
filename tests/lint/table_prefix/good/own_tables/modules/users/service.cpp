// The rules of people
auto a = "the password is in the list of the commonest";
