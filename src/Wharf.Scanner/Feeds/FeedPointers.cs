using System.Xml;

namespace Wharf.Scanner.Feeds;

/// <summary>How publishers lead to a file whose address changes with its content.</summary>
public static class FeedPointers
{
    private const int MaxCharacters = 1 << 20;

    /// <summary>A text of one line: Red Hat's <c>archive_latest.txt</c> names the newest archive beside it.</summary>
    public static string FirstLine(string text)
    {
        var line = text.AsSpan().TrimStart();
        line = line[..(line.IndexOfAny('\r', '\n') is >= 0 and var end ? end : line.Length)].TrimEnd();
        return line.IsEmpty ? throw new InvalidDataException("It names no file.") : line.ToString();
    }

    /// <summary>Amazon's <c>mirror.list</c>: repositories, the nearest first, of which the index is wanted.</summary>
    public static string Repository(string text) => FirstLine(text).TrimEnd('/') + "/repodata/repomd.xml";

    /// <summary>The index of a repository of rpms names its parts from the repository's root, the directory above its own (https://github.com/rpm-software-management/createrepo_c).</summary>
    public static string UpdateInfo(string text)
    {
        try
        {
            using var xml = XmlReader.Create(new StringReader(text), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = MaxCharacters });
            while (xml.ReadToFollowing("data"))
            {
                if (xml.GetAttribute("type") == "updateinfo" && xml.ReadToFollowing("location") && xml.GetAttribute("href") is { Length: > 0 } href)
                    return "../" + href;
            }
        }
        catch (XmlException e)
        {
            throw new InvalidDataException($"It is no index of a repository: {e.Message}", e);
        }
        throw new InvalidDataException("The repository has no updateinfo.");
    }
}
