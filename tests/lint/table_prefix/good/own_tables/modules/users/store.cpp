// People in the database
auto a = "SELECT id, name FROM users WHERE id = ? ORDER BY name";
auto b = "WITH late AS (SELECT id FROM users_sessions WHERE seen < ?), old (id) AS (SELECT 1) "
         "DELETE FROM users_sessions WHERE id IN (SELECT id FROM late JOIN old ON 1)";
auto c = "INSERT INTO users (id) VALUES (?) ON CONFLICT (id) DO UPDATE SET name = excluded.name";
auto d = "SELECT value FROM json_each(?)";
auto e = "SELECT x FROM (SELECT 1 AS x) JOIN users_cards ON x = user";
auto f = "select a file from the list";
auto g = "INSERT from your side INTO the box";
auto h = "join people who like it";
