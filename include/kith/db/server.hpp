// The server that holds the database instead of a file: MariaDB, or MySQL by the same protocol.
#pragma once

#include <kith/core/database_url.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace kith::db {

struct server_options {
    server_options() = default;
    explicit server_options(database_url place) : where(std::move(place)) {}

    database_url where;
    std::string password;
    bool tls = false;  ///< spoken and the server's certificate verified, or no connection at all
    std::string tls_ca;  ///< PEM file of the authorities to trust; empty: those of the system
    std::uint8_t node = 0;  ///< which row tells what this process has committed; one process each
    std::chrono::seconds connect_timeout{3};
    std::chrono::seconds answer_timeout{
        20};  ///< for one statement of the writer, waiting for a lock included
    std::chrono::seconds lock_timeout{5};  ///< after which a batch is rolled back and run again
    std::chrono::milliseconds away_patience{3000};  ///< how long a batch waits for a server that went away
};

}  // namespace kith::db
