using System.Text;

namespace Wharf.Scanner.Indexing.Distros;

/// <summary>
/// apk's database: stanzas of lines with a letter, a colon and a value; F names a directory and R a file in it
/// (https://wiki.alpinelinux.org/wiki/Apk_spec#Installed_Database_V2).
/// </summary>
internal static class Apk
{
    public static void Read(ReadOnlySpan<byte> content, FileReport report)
    {
        string? name = null, version = null, origin = null, arch = null;
        var directory = "";
        foreach (var range in content.Split((byte)'\n'))
        {
            var line = content[range].TrimEnd("\r"u8);
            if (line.IsEmpty)
            {
                End();
                continue;
            }
            if (line.Length < 2 || line[1] != ':') continue;
            var value = line[2..];
            switch (line[0])
            {
                case (byte)'P': name = Text(value); break;
                case (byte)'V': version = Text(value); break;
                case (byte)'A': arch = Text(value); break;
                case (byte)'o': origin = Text(value); break;
                case (byte)'F': directory = Text(value) + "/"; break;
                case (byte)'R' when name is not null: report.Own(directory, Text(value), name); break;
            }
        }
        End();

        void End()
        {
            if (name is not null && version is not null)
                report.Add(new Package { Type = PackageType.Apk, Name = name, Version = version, Source = origin == name ? null : origin, Arch = arch });
            (name, version, origin, arch, directory) = (null, null, null, null, "");
        }
    }

    private static string Text(ReadOnlySpan<byte> value) => Encoding.UTF8.GetString(value);
}
