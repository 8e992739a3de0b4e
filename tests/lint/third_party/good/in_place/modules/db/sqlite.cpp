// The database by SQLite
#include <SQLiteCpp/Database.h>
#include <sqlite3.h>
