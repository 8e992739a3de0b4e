// A file of a folder that is no module
