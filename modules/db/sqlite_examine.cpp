// What is looked at in a SQLite file: its pages and its foreign keys.
#include "examine.hpp"
#include "files.hpp"
#include "sqlite.hpp"

#include <kith/core/error.hpp>

namespace kith::db {
namespace {

std::unique_ptr<connection> open_to_read(const options& settings) {
    if (!exists(settings.path)) {
        throw error(error_code::internal, "there is no database at " + settings.path);
    }
    return std::make_unique<connection>(settings.path, access::read, settings.synchronous);
}

}  // namespace

std::vector<finding> examine_sqlite(const options& settings) {
    const std::unique_ptr<connection> on = open_to_read(settings);
    std::vector<finding> all;
    all.emplace_back(false, "SQLite " + on->scalar("SELECT sqlite_version()") + ", " + settings.path);
    const std::string pages = on->scalar("PRAGMA quick_check(1)");
    all.emplace_back(pages != "ok",
                     pages == "ok"
                         ? "quick_check: every page is sound"
                         : "quick_check: " + pages
                               + ": the file is damaged; stop the server and put the newest backup back");
    const std::string broken = on->scalar("PRAGMA foreign_key_check");
    all.emplace_back(!broken.empty(),
                     broken.empty() ? "foreign_key_check: every reference has its target"
                                    : "foreign_key_check: rows of " + broken + " refer to what is not there");
    return all;
}

void look_at_sqlite(const options& settings, const std::function<void(snapshot&)>& look) {
    const std::unique_ptr<connection> on = open_to_read(settings);
    on->run_script("BEGIN");
    sqlite_snapshot state(*on);
    look(state);
    on->run_script("COMMIT");
}

}  // namespace kith::db
