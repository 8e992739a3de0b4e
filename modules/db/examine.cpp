// Whether a database can be trusted: the schema, and what the driver of its place looks at.
#include "examine.hpp"

#include "driver_error.hpp"

#include <kith/core/error.hpp>

namespace kith::db {
namespace {

std::string place_of(const options& settings) {
    return settings.server ? settings.server->where.text() : settings.path;
}

finding examine_schema(const options& settings) {
    std::size_t missing = 0;
    for (const migration_state& one : migration_status_blocking(settings)) {
        missing += one.applied_at ? 0U : 1U;
    }
    return missing == 0 ? finding(false, "the schema is up to date")
                        : finding(true, "the schema lacks " + std::to_string(missing)
                                            + " migrations: run `kith migrate up`");
}

[[noreturn]] void fail(const options& settings, const driver_error& why) {
    throw error(error_code::internal, "cannot use the database " + place_of(settings) + ": " + why.what());
}

}  // namespace

std::vector<finding> examine_blocking(const options& settings) {
    try {
        std::vector<finding> all = settings.server ? examine_mysql(settings) : examine_sqlite(settings);
        all.push_back(examine_schema(settings));
        return all;
    } catch (const driver_error& e) {
        fail(settings, e);
    }
}

void look_blocking(const options& settings, const std::function<void(snapshot&)>& look) {
    try {
        settings.server ? look_at_mysql(settings, look) : look_at_sqlite(settings, look);
    } catch (const driver_error& e) {
        fail(settings, e);
    }
}

}  // namespace kith::db
