// A face that leans on another: who includes it declares both
#pragma once
#include <kith/db.hpp>
