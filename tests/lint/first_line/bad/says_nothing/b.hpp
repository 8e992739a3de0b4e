// b.hpp
#pragma once
