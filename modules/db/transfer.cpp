// All rows of one store copied into an empty one of the other kind, and both compared.
#include <kith/db/transfer.hpp>

#include "bulk_store.hpp"
#include "driver_error.hpp"
#include "files.hpp"
#include "migrations.hpp"
#include "row_sum.hpp"
#include "sqlite.hpp"
#include "transfer_mark.hpp"

#include <kith/core/error.hpp>
#include <kith/core/log.hpp>

#include <algorithm>

namespace kith::db {
namespace {

/// Rows that are compared between two looks whether to stop.
constexpr std::int64_t compare_step = 5000;

std::string place_of(const options& settings) {
    return settings.server ? settings.server->where.text() : settings.path;
}

/// What makes an empty target where there is none.
std::string how_to_empty(const options& to) {
    return to.server ? "give an empty database (DROP DATABASE and CREATE DATABASE make one)"
                     : "move that file away first, together with " + to.path + "-wal";
}

class transfer {
public:
    transfer(const transfer_request& request, const clock_source& clock, logger& log)
        : request_(request),
          from_(place_of(request.from)),
          to_(place_of(request.to)),
          clock_(clock),
          log_(log),
          reference_(make_bulk_reference()),
          tables_(reference_->tables()) {}

    transfer_report run() {
        check_source();
        fold_log_in();
        source_ = open_bulk_source(request_.from);
        expect_tables(*source_, from_);
        open_target();
        expect_empty();
        target_->mark(from_);
        try {
            migrate();
            expect_tables(*target_, to_);
            fill();
        } catch (const driver_error& e) {
            throw error(e.is_full() ? error_code::storage_full : error_code::internal,
                        std::string(e.what()) + "; " + unfinished_text(to_, from_));
        }
        return std::move(report_);
    }

private:
    /// What a server that was killed left in the log comes into the file, so that whoever keeps the file has it all. Where
    /// that fails, on a full disk for one, the log stays, and is read as well.
    void fold_log_in() const {
        if (!request_.from.server) {
            connection on(request_.from.path, access::write, "FULL");
            (void)on.control("PRAGMA wal_checkpoint(TRUNCATE)");
        }
    }

    void check_source() const {
        for (const migration_state& one : migration_status_blocking(request_.from)) {
            if (!one.applied_at) {
                throw error(error_code::conflict, "the schema of " + from_ + " lacks migration "
                                                      + std::to_string(one.number) + " (" + one.name
                                                      + "): run `kith migrate up` first");
            }
        }
    }

    /// The tables of this build, each with just its columns.
    void expect_tables(bulk_store& store, const std::string& place) const {
        const auto sorted = [](std::vector<column_shape> columns) {
            std::sort(columns.begin(), columns.end());
            return columns;
        };
        const std::vector<table_shape> there = store.tables();
        for (const table_shape& one : tables_) {
            const auto found = std::find_if(there.begin(), there.end(),
                                            [&](const table_shape& t) { return t.name == one.name; });
            if (found == there.end()) {
                throw error(error_code::conflict, place + " has no table " + one.name);
            }
            if (sorted(found->columns) != sorted(one.columns)) {
                throw error(error_code::conflict, "the table " + one.name + " of " + place
                                                      + " has other columns than this build knows");
            }
        }
    }

    [[noreturn]] void refuse_target(const std::string& why) const {
        throw error(error_code::conflict, to_ + " is not empty: " + why + "; " + how_to_empty(request_.to));
    }

    /// Without what an unfinished transfer left there.
    void open_target() {
        open_or_make_target();
        if (const std::optional<std::string> of = target_->unfinished()) {
            if (!request_.discard_unfinished) {
                throw error(error_code::conflict, unfinished_text(to_, *of));
            }
            target_->discard(tables_);
            target_.reset();
            open_or_make_target();
        }
    }

    void open_or_make_target() {
        if (!request_.to.server && !exists(request_.to.path)) {
            refuse_lone_log(request_.to.path);
            create_private_file(request_.to.path);
        }
        target_ = open_bulk_target(request_.to);
    }

    /// Before anything is changed there.
    void expect_empty() {
        const std::vector<migration_state> states = migration_status_blocking(request_.to);
        const auto applied = std::count_if(states.begin(), states.end(), [](const migration_state& one) {
            return one.applied_at.has_value();
        });
        if (applied == 0) {
            expect_no_tables();
        } else if (static_cast<std::size_t>(applied) != states.size()) {
            refuse_target("it has a part of the migrations");
        } else {
            expect_tables(*target_, to_);
            expect_beginning();
        }
    }

    /// Without records of migrations tables of our names may be those of anybody, whom a discarding would rob of them.
    void expect_no_tables() const {
        for (const table_shape& one : target_->tables()) {
            const bool ours = std::any_of(tables_.begin(), tables_.end(),
                                          [&](const table_shape& t) { return t.name == one.name; });
            if (ours) {
                refuse_target("the table " + one.name + " is there, but no record of a migration");
            }
        }
    }

    void migrate() const {
        try {
            (void)migrate_marked_blocking(request_.to, clock_, log_);
        } catch (const error& e) {
            throw error(e.code(), std::string(e.what()) + "; " + unfinished_text(to_, from_));
        }
    }

    /// Every table as the migrations leave it.
    void expect_beginning() {
        for (const table_shape& one : tables_) {
            const table_sum wanted = sum_of(*reference_, one, std::nullopt);
            if (sum_of(*target_, one, wanted.rows + 1) != wanted) {
                refuse_target("the table " + one.name + " holds rows");
            }
        }
    }

    void fill() {
        const steady_time began = clock_.steady_now();
        for (const table_shape& one : tables_) {
            copy(one);
        }
        const steady_time copied = clock_.steady_now();
        report_.copying = std::chrono::duration_cast<std::chrono::milliseconds>(copied - began);
        rows_before_ = 0;
        for (const table_shape& one : tables_) {
            tell(true, one, 0);
            transferred_table both;
            both.name = one.name;
            both.source = sum_of(*source_, one, std::nullopt, &transfer::tell_and_stop);
            both.target = sum_of(*target_, one, std::nullopt, &transfer::tell_and_stop);
            rows_before_ += both.source.rows;
            report_.tables.push_back(std::move(both));
        }
        report_.comparing =
            std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady_now() - copied);
        if (report_.same()) {
            finish();
        }
    }

    /// The answer to the very last change may be what is lost: the mark says whether it was done.
    void finish() {
        try {
            target_->finish(request_.finish, clock_.now());
        } catch (const driver_error& e) {
            if (is_marked(e.what())) {
                throw;
            }
        }
    }

    /// Looks at the target with a new connection.
    bool is_marked(const std::string& why) {
        try {
            target_.reset();
            target_ = open_bulk_target(request_.to);
            return target_->unfinished().has_value();
        } catch (const std::exception& e) {
            throw error(error_code::internal,
                        why + "; the copy may be finished, but " + to_ + " does not tell now (" + e.what()
                            + "): `kith migrate status` refuses it as long as it is not");
        }
    }

    void copy(const table_shape& table) {
        target_->begin();
        target_->clear(table);  // what the migrations put there
        const std::unique_ptr<row_sink> sink = target_->write(table);
        const std::unique_ptr<row_source> rows = source_->read(table, std::nullopt);
        std::int64_t copied = 0;
        std::size_t batch_rows = 0;
        std::size_t batch_bytes = 0;
        for (row one = rows->next(); !one.empty(); one = rows->next()) {
            sink->add(one);
            ++batch_rows;
            batch_bytes += bytes_of(one);
            if (batch_rows >= request_.batch_rows || batch_bytes >= request_.batch_bytes) {
                sink->flush();
                target_->commit();
                copied += static_cast<std::int64_t>(batch_rows);
                report_.bytes += static_cast<std::int64_t>(batch_bytes);
                batch_rows = 0;
                batch_bytes = 0;
                tell(false, table, copied);
                stop_if_asked();
                target_->begin();
            }
        }
        sink->flush();
        target_->commit();
        report_.bytes += static_cast<std::int64_t>(batch_bytes);
        report_.rows += copied + static_cast<std::int64_t>(batch_rows);
        rows_before_ = report_.rows;
        stop_if_asked();
    }

    using step = void (transfer::*)(const table_shape& table, std::int64_t rows);
    table_sum sum_of(bulk_store& store, const table_shape& table, std::optional<std::int64_t> rows_max,
                     step each = nullptr) {
        row_sum sum;
        const std::unique_ptr<row_source> rows = store.read(table, rows_max);
        for (row one = rows->next(); !one.empty(); one = rows->next()) {
            sum.add(one);
            if (each != nullptr && sum.rows() % compare_step == 0) {
                (this->*each)(table, sum.rows());
            }
        }
        return sum.result();
    }

    void tell_and_stop(const table_shape& table, std::int64_t rows) {
        tell(true, table, rows);
        stop_if_asked();
    }

    void tell(bool comparing, const table_shape& table, std::int64_t rows) const {
        if (request_.tell) {
            transfer_progress now;
            now.comparing = comparing;
            now.table = table.name;
            now.rows = rows;
            now.rows_before = rows_before_;
            request_.tell(now);
        }
    }

    void stop_if_asked() const {
        if (request_.stop && request_.stop()) {
            throw error(error_code::overloaded, "stopped before the end; " + unfinished_text(to_, from_));
        }
    }

    const transfer_request& request_;
    const std::string from_;
    const std::string to_;
    const clock_source& clock_;
    logger& log_;
    const std::unique_ptr<bulk_store> reference_;
    const std::vector<table_shape> tables_;  ///< all of this build
    std::unique_ptr<bulk_store> source_;
    std::unique_ptr<bulk_store> target_;
    std::int64_t rows_before_ = 0;
    transfer_report report_;
};

}  // namespace

bool transfer_report::same() const {
    return std::all_of(tables.begin(), tables.end(), [](const transferred_table& one) { return one.same(); });
}

transfer_report transfer_blocking(const transfer_request& request, const clock_source& clock, logger& log) {
    try {
        return transfer(request, clock, log).run();
    } catch (const driver_error& e) {
        throw error(error_code::internal, e.what());
    }
}

}  // namespace kith::db
