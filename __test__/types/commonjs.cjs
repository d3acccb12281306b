// A CommonJS user's view of the types: compiled, never run.
const pants = require('pants-native');

module.exports = Object.keys(pants);
