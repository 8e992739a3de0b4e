// People in the database
auto a = "SELECT id, name FROM messages WHERE id = ?";
auto b = "SELECT u.id FROM users u "
         "JOIN sessions s ON s.user = u.id";
auto c = R"(
    INSERT INTO users_cards (user, text)
    SELECT id, bio FROM people  
    WHERE id = ?
)";
auto d = "UPDATE userscards SET x = 1";
auto e = "DELETE FROM journal WHERE pos < ?";
auto f = " LEFT JOIN groups_members m ON m.user = u.id";
auto g = "insert into profiles (id) values (?)";
auto h = "SELECT name FROM sqlite_master";
auto i = "SELECT a.x FROM users a, accounts b WHERE a.id = b.id";
auto j = "INSERT OR IGNORE INTO \"people\" VALUES (?)";
auto k = "UPDATE OR IGNORE persons SET a = 1";
