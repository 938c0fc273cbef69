import { SensorServiceList, SensorServiceView } from '../core/schemas.ts';
import { checkedReply } from './checked-reply.ts';
import type { Http } from './http.ts';
import { requestTo } from './request-to.ts';

/** Sensor services. Errors as those of the ApiClient. */
export class ServicesClient {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  async list(): Promise<SensorServiceView[]> {
    return (await checkedReply(this.#http, SensorServiceList, requestTo('GET', '/api/v1/services'))).items;
  }

  get(namespace: string, name: string): Promise<SensorServiceView> {
    const call = requestTo('GET', '/api/v1/services/{namespace}/{name}', { params: { namespace, name } });
    return checkedReply(this.#http, SensorServiceView, call);
  }

  /** Asks the active node of the unit to stop so that `to` goes on; answers before that is done. */
  handOver(namespace: string, name: string, unit: string, to: string): Promise<SensorServiceView> {
    const call = requestTo('POST', '/api/v1/services/{namespace}/{name}/units/{unit}/handover', {
      params: { namespace, name, unit },
      body: { to },
    });
    return checkedReply(this.#http, SensorServiceView, call);
  }

  /** Vouches that the silent holder of that epoch is off, so that `to` takes over; answers before that is done. */
  takeOver(
    namespace: string,
    name: string,
    unit: string,
    by: { to: string; epoch: number },
  ): Promise<SensorServiceView> {
    const call = requestTo('POST', '/api/v1/services/{namespace}/{name}/units/{unit}/takeover', {
      params: { namespace, name, unit },
      body: { ...by, vouched: true },
    });
    return checkedReply(this.#http, SensorServiceView, call);
  }
}
