
// The second line says what it is
