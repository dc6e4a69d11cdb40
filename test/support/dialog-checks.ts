import type { Editor } from './editor';

const FORM = '.energy-devices-dialog';
/** What a person can use in a dialog. The editor's own traps for password managers are no part of it. */
const CONTROLS =
  'input:not([id^="red-ui-trap"], [type="hidden"]), select, textarea, button, a, [tabindex], [role="button"]';

/** Shows every row of the open dialog, also those of other operations and what is folded. */
export async function showAllRows(editor: Editor): Promise<void> {
  await editor.page.evaluate(
    `$('${FORM} .form-row, ${FORM} .energy-devices-when').show(); $('${FORM} details').prop('open', true)`,
  );
}

/** What the open dialog keeps from people who use a keyboard or a screen reader. */
export async function unusable(editor: Editor): Promise<string[]> {
  return editor.page.evaluate<string[]>(`(() => {
    const form = document.querySelector('${FORM}');
    const words = (elements) => elements.map((one) => one ? one.textContent : '').join(' ').trim();
    const nameOf = (control) =>
      control.getAttribute('aria-label') ||
      words((control.getAttribute('aria-labelledby') || '').split(' ').map((id) => document.getElementById(id))) ||
      words([...(control.labels || [])]) ||
      (/^(BUTTON|A)$/.test(control.tagName) ? words([control]) : '');
    const shown = (element) => element.id || element.outerHTML.slice(0, 80);
    const problems = [];
    const controls = [...form.querySelectorAll(${JSON.stringify(CONTROLS)})];
    for (const control of controls) {
      if (control.tabIndex < 0) problems.push('cannot be focused: ' + shown(control));
      if (!nameOf(control)) problems.push('has no name: ' + shown(control));
    }
    for (const element of form.querySelectorAll('*')) {
      const clicks = ($._data(element, 'events') || {}).click;
      // Rows that can be dragged have buttons that do the same.
      const isList = element.matches('.ui-sortable') && [...element.children].every((one) => one.querySelector('button'));
      if (clicks && !isList && !controls.includes(element)) problems.push('can be clicked only: ' + shown(element));
    }
    for (const result of form.querySelectorAll('.energy-devices-result')) {
      if (result.getAttribute('role') !== 'status') problems.push('is not announced: ' + shown(result));
    }
    return problems;
  })()`);
}

/** What is cut off in the open dialog, or reaches out of it. */
export async function cutOff(editor: Editor): Promise<string[]> {
  return editor.page.evaluate<string[]>(`(() => {
    const form = document.querySelector('${FORM}');
    const edge = form.getBoundingClientRect();
    const room = form.closest('.red-ui-tray').getBoundingClientRect();
    const problems = [];
    if (edge.right > room.right) problems.push('the form is wider than the dialog');
    for (const element of form.querySelectorAll('.form-row *')) {
      const box = element.getBoundingClientRect();
      if (box.width === 0 || element.closest('datalist, option')) continue;
      if (box.right > edge.right + 1) problems.push('reaches out: ' + (element.id || element.textContent));
      const label = element.matches('label, .energy-devices-label');
      if (label && element.scrollWidth > element.clientWidth + 1) problems.push('cut off: ' + element.textContent);
    }
    return problems;
  })()`);
}

/**
 * Walks through the open dialog with the tab key, from its first field to its last control. Returns what was passed
 * by, or has the focus without showing it.
 */
export async function tabThrough(editor: Editor): Promise<string[]> {
  const { page } = editor;
  // Style by style, as no focus changes the same property everywhere.
  await page.evaluate(`(() => {
    const style = (element) => {
      const { outlineStyle, outlineWidth, borderColor, boxShadow, backgroundColor } = getComputedStyle(element);
      return [outlineStyle, outlineWidth, borderColor, boxShadow, backgroundColor].join();
    };
    const controls = [...document.querySelectorAll(${JSON.stringify(
      CONTROLS.split(', ')
        .map((one) => `${FORM} ${one}`)
        .join(', '),
    )})].filter((control) => control.offsetParent !== null && !control.disabled);
    document.activeElement.blur();
    const before = new Map(controls.map((control) => [control, style(control)]));
    const left = new Set(controls);
    const invisible = [];
    controls[0].focus();
    window.energyTabs = {
      look: () => {
        const now = document.activeElement;
        if (!left.delete(now)) return left.size > 0 && !now.closest('${FORM}') ? 'out' : 'more';
        if (style(now) === before.get(now)) invisible.push('does not show the focus: ' + (now.id || now.className));
        return left.size === 0 ? 'out' : 'more';
      },
      problems: () => [...left].map((one) => 'was passed by: ' + (one.id || one.className)).concat(invisible),
    };
  })()`);
  const look = (): Promise<string> => page.evaluate<string>('window.energyTabs.look()');
  while ((await look()) === 'more') await page.keyboard.press('Tab');
  return page.evaluate<string[]>('window.energyTabs.problems()');
}

/** Empties every field of the open dialog and leaves it. Returns what is then marked as wrong without a word. */
export async function wordless(editor: Editor): Promise<string[]> {
  await editor.page.evaluate(`(() => {
    $('${FORM}').find('input[type="text"], input[type="password"]').not('[readonly]').each((_i, field) => {
      $(field).val('').trigger('change').trigger('focusout');
    });
    $('${FORM} select').trigger('focusout');
  })()`);
  return editor.page.evaluate<string[]>(`$('${FORM} .input-error:visible').get().filter((field) => {
    const said = document.getElementById(field.getAttribute('aria-describedby') || '');
    return field.getAttribute('aria-invalid') !== 'true' || !said || said.textContent.trim() === '';
  }).map((field) => 'is wrong without a word: ' + field.id)`);
}
