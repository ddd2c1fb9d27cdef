namespace Wharf.Scanner.Indexing;

/// <summary>A file that a distribution's package brought.</summary>
/// <param name="Hash">Of its path with /lib, /bin and /sbin under /usr (see <see cref="PathHash"/>).</param>
/// <param name="Owner">The binary package.</param>
public readonly record struct OwnedPath(ulong Hash, string Owner);
