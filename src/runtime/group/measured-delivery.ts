import type { Cargo, Delivery, Shipment } from '../../warehouse/delivery.ts';

/** A delivery that tells how long each batch took, retries included, milliseconds. */
export class MeasuredDelivery implements Delivery {
  readonly #delivery: Delivery;
  readonly #onDelivered: (elapsedMs: number) => void;

  constructor(delivery: Delivery, onDelivered: (elapsedMs: number) => void) {
    this.#delivery = delivery;
    this.#onDelivered = onDelivered;
  }

  load(): Cargo {
    return this.#delivery.load();
  }

  async deliver(shipment: Shipment): Promise<void> {
    const startedAt = performance.now();
    await this.#delivery.deliver(shipment);
    this.#onDelivered(performance.now() - startedAt);
  }

  close(): Promise<void> {
    return this.#delivery.close();
  }
}
