using System.Security.Cryptography;
using System.Text;

namespace Wharf.Server.QuayApi;

/// <summary>
/// How Quay's clients draw somebody: a colour and a hash, both made of the name. Quay takes the e-mail address where there is one;
/// its hash would let anyone who sees an avatar check a guessed address.
/// </summary>
/// <param name="Kind">user, robot, team or org.</param>
internal sealed record Avatar(string Name, string Hash, string Color, string Kind)
{
    private static readonly string[] s_colors =
    [
        "#1f6feb", "#0b7285", "#2b8a3e", "#5f3dc4", "#862e9c", "#a61e4d", "#c92a2a", "#d9480f",
        "#e67700", "#5c940d", "#087f5b", "#1864ab", "#364fc7", "#6741d9", "#9c36b5", "#495057",
    ];

    public static Avatar Of(string name, string kind)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(name));
        return new(name, Convert.ToHexStringLower(hash, 0, 16), s_colors[hash[0] % s_colors.Length], kind);
    }
}
