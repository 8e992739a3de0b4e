// Icons of one set (lucide), drawn in the current colour. They mean nothing to a screen reader: the control
// has the name.
import type { IconNode } from "lucide";
import { h } from "preact";

export function Icon({ node, size = 20 }: { node: IconNode; size?: 14 | 16 | 20 | 24 | 32 }) {
    return (
        <svg
            class={`icon icon-${size}`}
            viewBox="0 0 24 24"
            fill="none"
            stroke="currentColor"
            stroke-width="2"
            stroke-linecap="round"
            stroke-linejoin="round"
            aria-hidden="true"
        >
            {node.map(([tag, attributes]) => h(tag, attributes as Record<string, string>))}
        </svg>
    );
}
