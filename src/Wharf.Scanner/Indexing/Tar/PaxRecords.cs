using System.Buffers.Text;
using System.Text;

namespace Wharf.Scanner.Indexing.Tar;

/// <summary>What an extended header says of the entry after it, as far as it matters here; null is not said.</summary>
internal readonly record struct PaxRecords(string? Path, string? Target, long? Size, bool IsSparse)
{
    /// <summary>Records of the form <c>LENGTH KEY=VALUE\n</c>, where the length counts all of it.</summary>
    /// <exception cref="LayerException">They are not of that form.</exception>
    public static PaxRecords Parse(ReadOnlySpan<byte> records)
    {
        var pax = default(PaxRecords);
        while (!records.IsEmpty && records[0] != 0)
        {
            if (!Utf8Parser.TryParse(records, out int length, out var digits) || length <= digits + 2 || length > records.Length || records[digits] != ' ' || records[length - 1] != '\n')
                throw new LayerException("An extended header of the tar is damaged.");
            var record = records[(digits + 1)..(length - 1)];
            records = records[length..];
            var equals = record.IndexOf((byte)'=');
            if (equals > 0) pax = pax.With(record[..equals], record[(equals + 1)..]);
        }
        return pax;
    }

    private PaxRecords With(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.SequenceEqual("path"u8)) return IsSparse && Path is not null ? this : this with { Path = Encoding.UTF8.GetString(value) };
        if (key.SequenceEqual("GNU.sparse.name"u8)) return this with { Path = Encoding.UTF8.GetString(value), IsSparse = true };
        if (key.SequenceEqual("linkpath"u8)) return this with { Target = Encoding.UTF8.GetString(value) };
        if (key.StartsWith("GNU.sparse."u8)) return this with { IsSparse = true };
        if (!key.SequenceEqual("size"u8)) return this;
        return Utf8Parser.TryParse(value, out long size, out var used) && used == value.Length && size >= 0
            ? this with { Size = size }
            : throw new LayerException("An extended header of the tar gives a size that is none.");
    }
}
