// What a database says of the migrations that it went through, held against those of this build.
#include "migration_records.hpp"

#include <kith/core/crypto.hpp>
#include <kith/core/error.hpp>

#include <algorithm>
#include <cstdio>

namespace kith::db {

std::string checksum_of(const migration& one) {
    return hex(sha256(one.sql));
}

std::string four_digits(int number) {
    char text[16];
    std::snprintf(text, sizeof text, "%04d", number);
    return text;
}

std::string title(int number, std::string_view name) {
    return four_digits(number) + "_" + std::string(name);
}

void check_records(const migration_records& applied, std::span<const migration> known,
                   const std::string& place) {
    for (const auto& [number, done] : applied) {
        const auto same = std::find_if(known.begin(), known.end(),
                                       [n = number](const migration& m) { return m.number == n; });
        if (same == known.end()) {
            throw error(error_code::conflict,
                        "the schema of " + place + " is newer than this build: it holds migration "
                            + title(number, done.name)
                            + ". Start the newer kith, or put a backup from before that migration back");
        }
        if (same->name != done.name || checksum_of(*same) != done.checksum) {
            throw error(error_code::conflict,
                        "migration " + title(number, done.name) + " was applied to " + place
                            + " with another text than this build has. An applied migration is "
                              "never edited: use the build that belongs to this data");
        }
    }
    const int newest = applied.empty() ? 0 : applied.rbegin()->first;
    for (const migration& one : known) {
        if (one.number < newest && !applied.contains(one.number)) {
            throw error(error_code::conflict,
                        "migration " + title(one.number, one.name) + " is missing in " + place
                            + " although a later one was applied: migrations run in order only");
        }
    }
}

std::vector<migration_state> states_of(const migration_records& applied, std::span<const migration> known) {
    std::vector<migration_state> states;
    for (const migration& one : known) {
        migration_state state;
        state.number = one.number;
        state.name = std::string(one.name);
        if (const auto done = applied.find(one.number); done != applied.end()) {
            state.applied_at = done->second.applied_at;
        }
        states.push_back(std::move(state));
    }
    return states;
}

}  // namespace kith::db
