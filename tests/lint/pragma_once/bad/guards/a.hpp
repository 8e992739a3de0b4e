// A header with a guard of macros
#ifndef A_HPP
#define A_HPP
#endif
