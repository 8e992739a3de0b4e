// Messages in the database
#include <SQLiteCpp/Database.h>
#include <sqlite3.h>
#include <sodium/crypto_pwhash.h>
#include <unicode/unorm2.h>
#include <toml++/toml.h>
#include <prometheus/registry.h>
#include <CLI/CLI.hpp>
#include <curl/curl.h>
