// The doors of people
auto a = "DELETE FROM users WHERE id = ?";
