import { useEffect, useState } from 'react';

/** A value once it has stayed the same for so many milliseconds: what is asked of the registry while somebody types or drags. */
export function useDelayed<T>(value: T, ms: number): T {
  const [delayed, setDelayed] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setDelayed(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return delayed;
}
