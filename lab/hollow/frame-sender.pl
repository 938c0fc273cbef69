# Sends Ethernet frames as they stand on one interface: packet(7), which Node.js does not offer.
# usage: perl frame-sender.pl INTERFACE; standard input is frames, each after its length in two bytes, high byte first.
use strict;
use warnings;
use constant { AF_PACKET => 17, SOCK_RAW => 3, ETH_P_IP => 0x0800, SIOCGIFINDEX => 0x8933 };

my ($interface) = @ARGV;
socket(my $socket, AF_PACKET, SOCK_RAW, 0) or die "socket: $!\n";
my $request = pack('a16 x24', $interface);
ioctl($socket, SIOCGIFINDEX, $request) or die "$interface: $!\n";
my $to = pack('S n i S C C a8', AF_PACKET, ETH_P_IP, unpack('x16 i', $request), 0, 0, 6, "\xff" x 8);

binmode(STDIN);
while (read(STDIN, my $length, 2) == 2) {
  read(STDIN, my $frame, unpack('n', $length)) or last;
  send($socket, $frame, 0, $to) or warn "send: $!\n";
}
