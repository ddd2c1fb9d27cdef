using System.Buffers;

namespace Wharf.Scanner.Indexing;

/// <summary>What is found in one file while it is read.</summary>
internal sealed class FileReport(string path, IndexBudget budget)
{
    // No name or version of any ecosystem comes near; longer ones are made to hurt whoever compares or shows them.
    private const int MaxText = 512;
    private const int MaxPath = 4096;
    private static readonly SearchValues<char> s_control = SearchValues.Create([.. Enumerable.Range(0, 32).Append(127).Select(static c => (char)c)]);

    private readonly List<IndexedPackage> _packages = [];
    private readonly HashSet<string> _repositories = new(StringComparer.Ordinal);
    private readonly List<OwnedPath> _owned = [];
    private string? _problem;

    public string Path => path;

    public IndexBudget Budget => budget;

    public Distro? Distro { get; set; }

    /// <exception cref="LayerException">The layer has too many packages.</exception>
    public void Add(Package package, string inner = "")
    {
        if (!IsPlain(package.Name) || !IsPlain(package.Version) || !IsPlain(package.Source ?? "-") || !IsPlain(package.SourceVersion ?? "-"))
        {
            Problem("names a package with an empty, overlong or unprintable name or version");
            return;
        }
        budget.CountPackage();
        _packages.Add(new(package, inner));
    }

    /// <exception cref="LayerException">The layer has too many of them.</exception>
    public void AddRepository(string repository)
    {
        if (IsPlain(repository) && _repositories.Add(repository)) budget.CountPackage(); // a repository is as much as a package is
    }

    /// <param name="directory">With or without a leading slash; what stands before the name as it is, which may be nothing.</param>
    public void Own(ReadOnlySpan<char> directory, ReadOnlySpan<char> name, string owner)
    {
        var length = directory.Length + name.Length;
        if (length > MaxPath || owner.Length is 0 or > MaxText) return;
        if (!budget.TryOwn(length))
        {
            Problem("lists too many files");
            return;
        }
        Span<char> whole = stackalloc char[MaxPath];
        directory.CopyTo(whole);
        name.CopyTo(whole[directory.Length..]);
        ReadOnlySpan<char> path = whole[..length].TrimStart('/');
        if (FileKinds.MayHoldPackages(path)) _owned.Add(new(PathHash.OfMerged(path), owner));
    }

    /// <summary>Only the first is kept.</summary>
    public void Problem(string problem) => _problem ??= problem;

    public IndexedFile ToFile() =>
        new() { Path = path, Packages = _packages, Distro = Distro, Repositories = [.. _repositories], Owned = _owned, Problem = _problem };

    private static bool IsPlain(string text) => text.Length is > 0 and <= MaxText && !text.AsSpan().ContainsAny(s_control);
}
