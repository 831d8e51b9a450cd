import {
  cloneElement,
  type ComponentChildren,
  type ComponentType,
  type FunctionComponent,
  isValidElement,
  type VNode,
} from 'preact';
import { type ShownFields, textOfField, tickedAfter, touchedTexts } from './form-input';

export interface FormContents {
  readonly content: ComponentChildren;
  /** The values before anything was filled in again. */
  readonly shown: ShownFields;
}

/**
 * Reads what a form shows from its own elements, so that no page has to repeat it or can forget a field. `written`: a
 * form that was sent before; its changed fields are filled in again. Null: there is none.
 */
export function formContents(children: ComponentChildren, written: WrittenFields | null): FormContents {
  const texts = new Map<string, string>();
  const boxes = new Map<string, string[]>();
  const hidden: string[] = [];
  const typed = written === null ? {} : touchedTexts(written.fields);

  const see = (node: VNode, props: Props): VNode => {
    const name = textOf(props['name']);
    const kind = kindOf(node, props);
    if (name === '' || kind === 'other') return node;
    switch (kind) {
      case 'hidden':
        hidden.push(name);
        return written?.hasHidden === true ? withValue(node, textOfField(written.fields, name)) : node;
      case 'box':
        return seeBox(node, props, name);
      default: {
        const shown = shownTextOf(node, props);
        texts.set(name, shown);
        return withText(node, kind, Object.hasOwn(typed, name) ? (typed[name] ?? shown) : shown);
      }
    }
  };

  function seeBox(node: VNode, props: Props, name: string): VNode {
    const value = textOf(props['value']);
    const isTicked = props['checked'] === true;
    boxes.set(name, [...(boxes.get(name) ?? []), ...(isTicked ? [value] : [])]);
    return written === null
      ? node
      : withProps(node, { checked: isTickedAgain(written, name, value, isTicked) });
  }

  return { content: walk(children, see), shown: { texts, boxes, hidden } };
}

export interface WrittenFields {
  readonly fields: unknown;
  /** True: its hidden fields are given back too, so that it still says on which version it was based. */
  readonly hasHidden: boolean;
}

type Props = Readonly<Record<string, unknown>>;
type See = (node: VNode, props: Props) => VNode;

/** Renders the elements of the components and calls `see` for each input. Our components have no state. */
function walk(children: ComponentChildren, see: See): ComponentChildren {
  if (Array.isArray(children)) return children.map((child: ComponentChildren) => walk(child, see));
  if (!isValidElement(children)) return children;
  const props: Props = { ...children.props };
  if (isFunction(children.type)) return walk(children.type(children.props), see);
  // A browser does not send it.
  if (props['disabled'] === true) return children;
  const seen = see(children, props);
  if (seen.type === 'select' || seen.type === 'textarea') return seen;
  return cloneElement(seen, {}, walk(seen.props.children, see));
}

const isFunction = (type: ComponentType | string): type is FunctionComponent => typeof type === 'function';

type Kind = 'text' | 'textarea' | 'select' | 'box' | 'hidden' | 'other';

function kindOf({ type }: VNode, props: Props): Kind {
  if (type === 'textarea' || type === 'select') return type;
  if (type !== 'input') return 'other';
  switch (props['type'] ?? 'text') {
    case 'hidden':
      return 'hidden';
    case 'checkbox':
    case 'radio':
      return 'box';
    // A password is neither shown nor kept.
    case 'password':
    case 'submit':
    case 'button':
      return 'other';
    default:
      return 'text';
  }
}

function shownTextOf(node: VNode, props: Props): string {
  if (node.type === 'textarea') return textIn(node.props.children);
  if (node.type !== 'select') return textOf(props['value']);
  const options = optionsOf(node.props.children);
  const chosen = options.find(({ isSelected }) => isSelected) ?? options[0];
  return chosen?.value ?? '';
}

function withText(node: VNode, kind: Kind, text: string): VNode {
  if (kind === 'textarea') {
    // A browser leaves out a line break at the very beginning.
    return cloneElement(node, {}, /^[\r\n]/.test(text) ? `\n${text}` : text);
  }
  if (kind !== 'select') return withValue(node, text);
  const choose: See = (option, props) =>
    option.type === 'option' ? withProps(option, { selected: textOf(props['value']) === text }) : option;
  return cloneElement(node, {}, walk(node.props.children, choose));
}

function optionsOf(children: ComponentChildren): { readonly value: string; readonly isSelected: boolean }[] {
  const options: { value: string; isSelected: boolean }[] = [];
  walk(children, (node, props) => {
    if (node.type === 'option') {
      options.push({ value: textOf(props['value']), isSelected: props['selected'] === true });
    }
    return node;
  });
  return options;
}

/** The sent value, if it was changed. */
function isTickedAgain({ fields }: WrittenFields, name: string, value: string, isTicked: boolean): boolean {
  return tickedAfter(fields, name, isTicked ? [value] : []).includes(value);
}

const withProps = (node: VNode, props: object): VNode => cloneElement(node, props);
const withValue = (node: VNode, value: string | null): VNode =>
  value === null ? node : withProps(node, { value });

function textIn(children: ComponentChildren): string {
  if (Array.isArray(children)) return children.map((child: ComponentChildren) => textIn(child)).join('');
  return textOf(children);
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
