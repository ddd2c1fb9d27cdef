namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>
/// Red Hat's table of its package repositories and the products that they are of, <c>{"data":{"rhel-9-for-x86_64-baseos-rpms":{"cpes":["cpe:/o:redhat:..."]}}}</c>
/// (https://security.access.redhat.com/data/metrics/repository-to-cpe.json): each repository is a name in <see cref="Matching.RedHatProducts.ContentSets"/>,
/// with a row for each CPE.
/// </summary>
public static class RedHatContentSets
{
    /// <exception cref="InvalidDataException">It is not JSON.</exception>
    public static IEnumerable<Advisory> Read(Stream stream, string path, Action<string>? problem = null)
    {
        foreach (var piece in JsonPieces.Read(stream, path, depth: 2))
        {
            if (piece.Parent != "data")
                continue;
            foreach (var repository in Json.Convert(piece, Repository, problem))
                yield return repository;
        }

        IEnumerable<Advisory> Repository(JsonPiece piece)
        {
            string[] cpes = [.. piece.Value.Items("cpes").Select(static cpe => cpe.Text()).OfType<string>().Where(Words.IsWord)];
            if (Words.IsWord(piece.Name) && cpes.Length > 0)
            {
                yield return new Advisory
                {
                    Id = piece.Name!,
                    Affected = [.. cpes.Select(cpe => new Affected { Ecosystem = Matching.RedHatProducts.ContentSets, Name = piece.Name!, Cpe = cpe })],
                };
            }
            else
            {
                problem?.Invoke($"{path}: a repository without a name or a CPE");
            }
        }
    }
}
