/**
 * Loaded before node-red-dev: where the public node catalogue cannot be reached, an empty one stands in for it, for
 * node-red-dev would end without a result. The scorecard then says that the two checks against it were not made.
 */
const axios = require('axios');

const CATALOGUE = 'https://catalogue.nodered.org/catalogue.json';
const { get } = axios;

axios.get = async (url, ...rest) => {
  if (url !== CATALOGUE) return get(url, ...rest);
  try {
    return await get(url, { timeout: 15000 });
  } catch (error) {
    console.log(`catalogue not reached: ${error.message}`);
    return { data: { modules: [] } };
  }
};
