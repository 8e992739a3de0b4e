// Whether a database can be trusted: what `kith doctor` asks of the file or of the server.
#pragma once

#include <kith/db.hpp>

#include <functional>
#include <string>
#include <vector>

namespace kith::db {

/// One thing that was looked at.
struct finding {
    finding() = default;
    finding(bool is_wrong, std::string what) : wrong(is_wrong), text(std::move(what)) {}
    bool wrong = false;
    std::string text;  ///< what is so, and for what is wrong also what it means and how to mend it
};

/// Looks at the database that `settings` name, while a server may work on it. Throws `internal` when it cannot be opened.
[[nodiscard]] std::vector<finding> examine_blocking(const options& settings);
/// Hands `look` one state of the database, for what modules know of their own rows. Throws as examine_blocking().
void look_blocking(const options& settings, const std::function<void(snapshot&)>& look);

}  // namespace kith::db
