// What changed, in order
