import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerInfo } from '@conjob/shared';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { allowMethods } from '../http/allow-methods.ts';
import { clientLeft } from '../http/client-left.ts';
import { readPreferences } from '../http/prefer.ts';
import { Query } from '../http/query.ts';
import { ignoreBody } from '../http/read-body.ts';
import { reasonError } from '../http/reason.ts';
import { hasResumed, isDrained, type WorkerService } from './worker-service.ts';
import { viewWorker } from './worker-view.ts';

const MAX_WAIT_SECONDS = 300;
const LOOK_EVERY_MS = 200;
/** A worker that lives says so at once. */
const RESUMED_WITHIN_MS = 2000;
const DEFAULT_REASON = 'drained by an operator';

interface Dependencies {
  readonly workers: WorkerService;
  /** Aborted when this process shuts down: nobody may wait any longer. */
  readonly closing: AbortSignal;
}

type WorkerHandler = RequestHandler<{ name: string }>;

/** `/workers/{name}/drain` and `/resume`, for operators. */
export function drainRoutes({ workers, closing }: Dependencies): Router {
  /** 200 with the worker as soon as it is as it was told to be; 202 with it as it is by then. */
  const answerWhen = async (
    isTrue: (worker: WorkerInfo) => boolean,
    req: Request<{ name: string }>,
    res: Response,
    timeoutMs: number,
  ): Promise<void> => {
    const signal = AbortSignal.any([closing, clientLeft(res)]);
    const find = () => workers.find(req.params.name);
    const worker = await workerWhen(isTrue, find, { timeoutMs, signal });
    res.status(isTrue(worker) ? 200 : 202).json(viewWorker(worker));
  };

  const drain: WorkerHandler = async (req, res) => {
    const query = new Query(req.originalUrl, ['reason', 'wait']);
    const reason = query.text('reason')?.trim() || DEFAULT_REASON;
    const error = reasonError(reason);
    if (error !== undefined) query.errors.push(error);
    const asked = query.integerWithin('wait', 0, MAX_WAIT_SECONDS);
    query.throwIfWrong();
    const preferred = readPreferences(req.get('prefer')).waitSeconds;
    const seconds = asked ?? Math.min(preferred ?? 0, MAX_WAIT_SECONDS);
    if (asked === undefined && preferred !== undefined) {
      res.set('Preference-Applied', `wait=${seconds}`);
    }

    await workers.drain(req.params.name, reason);
    await answerWhen(isDrained, req, res, seconds * 1000);
  };

  const resume: WorkerHandler = async (req, res) => {
    new Query(req.originalUrl, []).throwIfWrong();
    await workers.resume(req.params.name);
    await answerWhen(hasResumed, req, res, RESUMED_WITHIN_MS);
  };

  const router = Router();
  router.route('/workers/:name/drain').all(allowMethods('POST')).post(ignoreBody, drain);
  router.route('/workers/:name/resume').all(allowMethods('POST')).post(ignoreBody, resume);
  return router;
}

/** The worker as it is when that is true of it, or nobody wants to wait any longer. */
async function workerWhen(
  isTrue: (worker: WorkerInfo) => boolean,
  find: () => Promise<WorkerInfo>,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<WorkerInfo> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const worker = await find();
    if (isTrue(worker) || signal.aborted || performance.now() >= deadline) return worker;
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}
