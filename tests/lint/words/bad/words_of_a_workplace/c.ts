// Clau[]de wrote this
