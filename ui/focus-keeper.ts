/**
 * Keeps the keyboard's place: a card that moves to another group is made anew there, and a button that was pressed may
 * be gone when its dialog closes. Without this the focus would fall back to the top of the page.
 */
export class FocusKeeper {
  #moving: string | undefined;

  /** To be called when a card is taken away. */
  cardLeaves(id: string, card: HTMLElement | null): void {
    if (card?.contains(document.activeElement) === true) this.#moving = id;
  }

  /** To be called when a card has been put on the page. */
  cardArrives(id: string, card: HTMLElement | null): void {
    if (this.#moving !== id || card === null) return;
    this.#moving = undefined;
    focusOn(card);
  }

  /** To be called when a dialog about a card closes. */
  afterDialog(about: { cardId?: string } | undefined): void {
    requestAnimationFrame(() => {
      if (document.activeElement !== document.body && document.activeElement !== null) return;
      const cards = [...document.querySelectorAll<HTMLElement>('[data-card-id]')];
      const card = cards.find((element) => element.dataset['cardId'] === about?.cardId);
      if (card === undefined) document.querySelector<HTMLElement>('h1')?.focus();
      else focusOn(card);
    });
  }
}

function focusOn(card: HTMLElement): void {
  const heading = card.querySelector<HTMLElement>('h3');
  heading?.focus();
  // In a group that is folded away, its own line is the nearest thing that can be seen.
  if (document.activeElement !== heading) card.closest('details')?.querySelector<HTMLElement>('summary')?.focus();
}
