// The program's beginning
auto a = "SELECT count(*) FROM users";
