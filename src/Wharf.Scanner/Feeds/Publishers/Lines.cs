using System.Text;

namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>The lines of a text, each of a length that fits into memory.</summary>
internal static class Lines
{
    private const int MaxLength = 1 << 20; // an advisory of Debian's kernel names 300 CVEs in one line: 5 kB

    /// <exception cref="InvalidDataException">A line is longer than 1 Mi characters.</exception>
    public static IEnumerable<string> Read(Stream stream)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: true, 64 << 10, leaveOpen: true);
        var buffer = new char[16 << 10];
        var line = new StringBuilder();
        for (int read; (read = reader.Read(buffer)) > 0;)
        {
            var start = 0;
            for (int length; (length = buffer.AsSpan(start..read).IndexOf('\n')) >= 0; start += length + 1)
            {
                yield return line.Append(buffer.AsSpan(start, length)).ToString().TrimEnd('\r');
                line.Clear();
            }
            line.Append(buffer.AsSpan(start..read));
            if (line.Length > MaxLength)
                throw new InvalidDataException($"A line is longer than {MaxLength} characters.");
        }
        if (line.Length > 0)
            yield return line.ToString();
    }
}
