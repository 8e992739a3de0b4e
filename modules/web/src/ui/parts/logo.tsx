// The mark of Kith.
export function Logo({ size = "small" }: { size?: "small" | "large" }) {
    return (
        <svg class={`logo logo-${size}`} viewBox="0 0 32 32" aria-hidden="true">
            <rect class="logo-ground" width="32" height="32" rx="9" />
            <path class="logo-line" d="M10 8v16M22 9l-9 8 9 7" />
        </svg>
    );
}
