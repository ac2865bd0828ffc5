// Elements as data, and the least changes that make a page look like them.
//
// h("td", { class: "num" }, text) describes an element. patch(parent, children) makes the children of
// an element what is described: elements with a `key` are found again wherever they have moved to, so
// they keep their focus, their scroll position and what is typed into them. What is in an element with
// `own` is somebody else's.

const SVG = "http://www.w3.org/2000/svg";

export function h(tag, props, ...children) {
  const { key, ...rest } = props ?? {};
  return { tag, key, props: rest, children: flat(children) };
}

function flat(children, out = []) {
  for (const child of children) {
    if (Array.isArray(child)) flat(child, out);
    else if (child !== null && child !== undefined && child !== false && child !== true) out.push(child);
  }
  return out;
}

export function patch(parent, described) {
  const children = flat([described]);
  const keyed = new Map();
  for (const node of parent.childNodes) if (node.vKey !== undefined) keyed.set(node.vKey, node);
  let at = parent.firstChild;
  for (const child of children) {
    const found = child.key !== undefined ? keyed.get(child.key) : at;
    const fits = found && isLike(found, child);
    if (!fits) {
      parent.insertBefore(create(child, parent), at);
      continue;
    }
    if (child.key !== undefined) keyed.delete(child.key);
    if (found !== at) parent.insertBefore(found, at);
    else at = at.nextSibling;
    update(found, child);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function isLike(node, child) {
  if (typeof child !== "object") return node.nodeType === Node.TEXT_NODE;
  return node.vTag === child.tag && node.vKey === child.key;
}

function create(child, parent) {
  if (typeof child !== "object") return document.createTextNode(child);
  const isSvg = child.tag === "svg" || (parent.namespaceURI === SVG && parent.vTag !== "foreignObject");
  const node = isSvg ? document.createElementNS(SVG, child.tag) : document.createElement(child.tag);
  node.vTag = child.tag;
  node.vKey = child.key;
  node.vProps = {};
  update(node, child);
  child.props.mounted?.(node);
  return node;
}

function update(node, child) {
  if (typeof child !== "object") {
    if (node.data !== String(child)) node.data = child;
    return;
  }
  const { props } = child;
  for (const name in node.vProps) if (!(name in props)) set(node, name, undefined, node.vProps[name]);
  // What an element may hold is set after the elements that it holds, as with a `select`.
  const { value, ...others } = props;
  for (const name in others) {
    if (others[name] !== node.vProps[name]) set(node, name, others[name], node.vProps[name]);
  }
  if (!props.own) patch(node, child.children);
  if ("value" in props && value !== node.vProps.value) node.value = value;
  node.vProps = props;
}

function set(node, name, value, before) {
  if (name === "mounted" || name === "own") return;
  if (name.startsWith("on")) {
    if (before) node.removeEventListener(name.slice(2), before);
    if (value) node.addEventListener(name.slice(2), value);
  } else if (name === "style") {
    for (const key in before ?? {}) if (!value || !(key in value)) node.style.removeProperty(key);
    for (const key in value ?? {}) node.style.setProperty(key, value[key]);
  } else if (name === "checked" || name === "indeterminate" || name === "open") {
    node[name] = Boolean(value);
  } else if (value === undefined || value === null || value === false) {
    node.removeAttribute(name);
  } else {
    node.setAttribute(name, value === true ? "" : value);
  }
}
