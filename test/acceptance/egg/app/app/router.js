'use strict';

module.exports = ({ router, controller }) => {
  router.get('/promise/:key', controller.registry.byPromise);
  router.get('/callback/:key', controller.registry.byCallback);
  router.get('/subscribed/:key', controller.registry.subscribed);
  router.put('/values/:key', controller.registry.set);
  router.get('/refused', controller.registry.refused);
};
