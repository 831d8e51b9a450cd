'use strict';

// @tus/server loads srvx for its own HTTP adapter, which we do not use: the API gives it web requests. srvx comes as
// .mjs only, and those Jest cannot load without flags.

const unused = () => {
  throw new Error('srvx is not there in tests');
};

module.exports = { NodeRequest: unused, sendNodeResponse: unused };
