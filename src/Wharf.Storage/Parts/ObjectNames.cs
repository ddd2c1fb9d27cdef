namespace Wharf.Storage.Parts;

/// <summary>
/// The names that objects have in a bucket or container: <c>[PREFIX/]blobs/ab/…</c> for blobs, <c>[PREFIX/]meta/…</c> for files, and their own for those of others.
/// </summary>
/// <param name="prefix">A folder; empty for none.</param>
internal sealed class ObjectNames(string prefix)
{
    private readonly string _prefix = prefix.Length == 0 ? "" : prefix.Trim('/') + "/";

    /// <summary>What the names of all blobs begin with.</summary>
    public string Blobs => $"{_prefix}blobs/";

    /// <summary>What the names of all files begin with.</summary>
    public string Files => _prefix + StoredName.Prefix;

    /// <summary>The name of a blob, or of an object of others.</summary>
    public string Of(string key) => StorageKey.IsValid(key) ? Blobs + key : key;

    /// <summary>The name of a file.</summary>
    public string OfFile(string file) => _prefix + file;

    /// <summary>The key of the blob that has this name; null when it is none.</summary>
    public string? KeyOf(string name) => name.StartsWith(Blobs, StringComparison.Ordinal) && name[Blobs.Length..] is var key && StorageKey.IsValid(key) ? key : null;

    /// <summary>The file that has this name; null when it is none.</summary>
    public string? FileOf(string name) => name.StartsWith(Files, StringComparison.Ordinal) && name[_prefix.Length..] is var file && StoredName.IsValid(file) ? file : null;

    /// <summary>Whether an object of this name is none of Wharf's.</summary>
    public bool IsForeign(string name) => KeyOf(name) is null && FileOf(name) is null;
}
