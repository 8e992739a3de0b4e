// Migrations and their record
auto a = "SELECT name FROM sqlite_schema";
auto b = "INSERT INTO db_migrations (number) VALUES (?)";
