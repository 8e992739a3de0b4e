// The rules of people
auto a = "SELECT id FROM users";
