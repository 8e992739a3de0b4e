// A folder that has no place
