import { type RequestHandler, Router } from 'express';
import { allowMethods } from '../http/allow-methods.ts';
import { clientLeft } from '../http/client-left.ts';
import { Query } from '../http/query.ts';
import { ignoreBody } from '../http/read-body.ts';
import type { VolumeRemovals } from './volume-removals.ts';

/** As engines take names of volumes. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/;
const MAX_NAMES = 100;

interface Dependencies {
  readonly volumes: Pick<VolumeRemovals, 'remove'>;
  /** Aborted when this process shuts down: nobody may wait any longer. */
  readonly closing: AbortSignal;
}

/** `/tasks/docker/volume/rm`, for operators. */
export function volumeRoutes({ volumes, closing }: Dependencies): Router {
  const remove: RequestHandler = async (req, res) => {
    const query = new Query(req.originalUrl, ['id']);
    const ids = [...new Set(query.list('id'))];
    const wrong = (message: string) => query.errors.push({ path: 'id', message });
    if (ids.length === 0) wrong('Name at least one volume: ?id=NAME[&id=…].');
    if (ids.length > MAX_NAMES) wrong(`At most ${MAX_NAMES} volumes at once.`);
    if (!ids.every((id) => NAME.test(id))) wrong('A volume has 2 to 255 of a-z A-Z 0-9 . _ -');
    query.throwIfWrong();

    const signal = AbortSignal.any([closing, clientLeft(res)]);
    const workers = await volumes.remove(ids, signal);
    res.json({ complete: workers.every(({ answered }) => answered), workers });
  };

  const router = Router();
  router.route('/tasks/docker/volume/rm').all(allowMethods('POST')).post(ignoreBody, remove);
  return router;
}
