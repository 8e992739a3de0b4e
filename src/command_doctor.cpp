// `kith doctor`: whether the data and the database that holds it can be trusted.
#include "command_line.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "output.hpp"
#include "store_place.hpp"

#include <kith/core/error.hpp>
#include <kith/db/examine.hpp>
#include <kith/messages_tx.hpp>

#include <CLI/App.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>

namespace kith {

namespace {

struct doctor_options {
    settings_source source;
    bool as_json = false;
};

db::finding examine_numbering(const db::options& place) {
    std::optional<messages::conversation_id> gap;
    db::look_blocking(place, [&gap](snapshot& s) { gap = messages::find_numbering_gap(s); });
    return gap ? db::finding(true,
                             "the messages of conversation " + to_string(*gap)
                                 + " are not numbered without a hole: some were lost; put a backup back")
               : db::finding(false, "the messages of every conversation are numbered without a hole");
}

/// Reads only, so a server may run meanwhile.
std::vector<db::finding> examine(const config& settings) {
    try {
        const db::options place = store_place(settings);
        std::vector<db::finding> all = db::examine_blocking(place);
        const bool trusted =
            std::none_of(all.begin(), all.end(), [](const db::finding& one) { return one.wrong; });
        if (trusted) {  // on a schema that is not up to date the question cannot be asked
            all.push_back(examine_numbering(place));
        }
        return all;
    } catch (const std::exception& failed) {
        throw command_failure(exit_code::storage, failed.what());
    }
}

int run_doctor(const doctor_options& given) {
    const std::vector<db::finding> all = examine(given.source.load());
    int wrong = 0;
    nlohmann::json shown = nlohmann::json::array();
    std::string lines;
    for (const db::finding& one : all) {
        wrong += one.wrong ? 1 : 0;
        shown.push_back({{"wrong", one.wrong}, {"text", one.text}});
        lines += (one.wrong ? "WRONG  " : "ok     ") + printable(one.text) + "\n";
    }
    lines += wrong == 0 ? "Nothing is wrong."
                        : std::to_string(wrong) + (wrong == 1 ? " thing is" : " things are") + " wrong.";
    print(given.as_json ? shown.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) : lines);
    return wrong == 0 ? exit_code::ok : exit_code::failure;
}

}  // namespace

void add_doctor_command(CLI::App& app, chosen_command& chosen) {
    auto given = std::make_shared<doctor_options>();
    CLI::App* command = app.add_subcommand(
        "doctor", "Says whether the data and its database can be trusted; 0 when nothing is wrong, else 1");
    add_settings_options(*command, given->source);
    command->add_flag("--json", given->as_json, "As JSON");
    command->callback([given, &chosen] { chosen.run = [given] { return run_doctor(*given); }; });
}

}  // namespace kith
