using Wharf.Scanner.Feeds;
using Wharf.Scanner.Feeds.Revisions;

namespace Wharf.Scanner.Matching;

/// <summary>
/// Whether a statement on a module stream of an rpm-based distribution means an installed package. A stream's versions say nothing of another's: mariadb:10.3
/// is not fixed by what fixes mariadb:10.5. Where no label tells the stream of what is installed, its build does, or the versions of the stream; what remains
/// unknown hides nothing.
/// </summary>
internal sealed class ModuleStreams
{
    private readonly string _version;
    private readonly bool _isBuilt;
    private readonly string? _label;
    private readonly HashSet<string>? _byBuild;

    public ModuleStreams(Package package, IEnumerable<Statement> statements)
    {
        _version = package.Version;
        var build = BuildOf(_version);
        // name:stream:version:context, of which the first two count
        _label = package.Module is { Length: > 0 } module ? string.Join(':', module.Split(':').Take(2)) : null;
        _isBuilt = build.Length > 0 || _label is not null;
        if (!_isBuilt || _label is not null)
            return;
        foreach (var statement in statements)
        {
            foreach (var range in statement.Affected.Ranges)
            {
                if (statement.Affected.Module is { Length: > 0 } of && range.Fixed is { } @fixed && BuildOf(@fixed).SequenceEqual(build))
                    (_byBuild ??= new(StringComparer.Ordinal)).Add(of);
            }
        }
    }

    public bool Means(Affected affected)
    {
        if (affected.Module is not { } module)
        {
            // A fix of the other kind of build is no fix of this one.
            return !Any(affected, static f => f is not null) || Any(affected, static f => f is not null && BuildOf(f).Length > 0) == _isBuilt;
        }
        if (module.Length == 0)
            return !_isBuilt;
        if (_label is not null)
            return _label == module;
        if (!_isBuilt)
            return false;
        return _byBuild?.Contains(module) ?? !IsOfAnother(affected, module.AsSpan(module.IndexOf(':') + 1));
    }

    // nodejs:16 has 1:16.13.1-3: what is installed is of it only when it begins so too. nodejs-nodemon of the same stream tells nothing.
    private bool IsOfAnother(Affected affected, ReadOnlySpan<char> stream)
    {
        foreach (var range in affected.Ranges)
        {
            if (range.Fixed is { } @fixed && BeginsWith(@fixed, stream) && !BeginsWith(_version, stream))
                return true;
        }
        return false;
    }

    private static bool BeginsWith(ReadOnlySpan<char> version, ReadOnlySpan<char> stream)
    {
        var upstream = version[(version.IndexOf(':') + 1)..];
        return stream.Length > 0 && char.IsAsciiDigit(stream[0]) && upstream.StartsWith(stream, StringComparison.Ordinal)
            && (upstream.Length == stream.Length || upstream[stream.Length] is '.' or '-');
    }

    private static bool Any(Affected affected, Func<string?, bool> of)
    {
        foreach (var range in affected.Ranges)
        {
            if (of(range.Fixed))
                return true;
        }
        return false;
    }

    // 10.3.32-2.module_el8.6.0+2867+72759d2f
    private static ReadOnlySpan<char> BuildOf(string version) => version.IndexOf(".module", StringComparison.Ordinal) is >= 0 and var at ? version.AsSpan(at) : [];
}
